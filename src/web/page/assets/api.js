// Talks to the API this page came from. A problem is thrown with what happened and how to mend it.
import { t } from './say.js';

export class Trouble extends Error {}

async function send(method, path, body, type, more = {}) {
  const headers = { 'X-Leitmotif': 'page', ...more };
  if (type) headers['Content-Type'] = type;
  let response;
  try {
    response = await fetch(path, { method, headers, body });
  } catch {
    throw new Trouble(t('error.network'));
  }
  if (response.ok) return response;
  let problem = {};
  try {
    problem = await response.json();
  } catch {
    // Not from us: a proxy, perhaps. The status has to do.
  }
  const told = [problem.title, problem.detail].filter(Boolean).join(': ');
  const trouble = new Trouble(told || `${t('error.title')} (${response.status})`);
  trouble.status = response.status;
  throw trouble;
}

const json = (response) => response.json();

export const get = (path) => send('GET', path).then(json);
export const post = (path, value) => send('POST', path, JSON.stringify(value), 'application/json').then(json);
// Over the version that was read and no other, where one is given.
export const put = (path, value, version) =>
  send('PUT', path, JSON.stringify(value), 'application/json', version ? { 'If-Match': version } : {}).then(json);
export const getVersioned = (path) => send('GET', path).then(async (r) => ({ record: await r.json(), version: r.headers.get('ETag') }));
export const remove = (path) => send('DELETE', path).then(json);
export const upload = (path, file) => send('POST', path, file, 'application/octet-stream').then(json);

// The raw text of an answer: what is copied is byte for byte what the API said.
export const postForText = (path, value) =>
  send('POST', path, JSON.stringify(value), 'application/json').then((r) => r.text());

let known = null;

// All narratives by id, fetched when first needed.
export function narratives() {
  known ??= get('/v1/narratives').then(
    (answer) => new Map(answer.narratives.map((n) => [n.id, n])),
    (trouble) => {
      known = null;
      throw trouble;
    },
  );
  return known;
}
