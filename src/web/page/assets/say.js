// The words of the interface, with values put in. Words come from one file, so that a translation is another file.
import { texts } from './texts.js';

export function t(key, values = {}) {
  const words = texts[key] ?? key;
  return words.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

// One of a thing reads differently from several.
export function count(key, n, values = {}) {
  return t(n === 1 && `${key}.one` in texts ? `${key}.one` : key, { n, ...values });
}

// A probability as the command line says it: never 0 or 100, which nobody can know.
export function percent(p) {
  const rounded = Math.round(p * 100);
  if (rounded >= 100) return '> 99 %';
  if (rounded < 1) return '< 1 %';
  return `${rounded} %`;
}

export function day(time) {
  return time ? time.slice(0, 10) : '';
}
