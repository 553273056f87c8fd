// The API counts code points, JavaScript UTF-16 units. One pass over the text turns all offsets of an answer at once.
export function converter(text, offsets) {
  const wanted = [...new Set(offsets)].sort((a, b) => a - b);
  const units = new Map();
  let point = 0;
  let unit = 0;
  for (const offset of wanted) {
    while (point < offset && unit < text.length) {
      const high = text.charCodeAt(unit);
      const low = high >= 0xd800 && high < 0xdc00 ? text.charCodeAt(unit + 1) : 0;
      unit += low >= 0xdc00 && low < 0xe000 ? 2 : 1;
      point += 1;
    }
    units.set(offset, unit);
  }
  return (offset) => units.get(offset) ?? text.length;
}

// Every offset into the text that an answer holds.
export function offsetsOf(answer) {
  const out = [];
  const parts = [...answer.narratives, ...(answer.stance ? [answer.stance] : [])];
  for (const part of parts) {
    for (const passage of part.evidence ?? []) {
      out.push(passage.start, passage.end);
      for (const term of passage.terms) out.push(term.start, term.end);
    }
  }
  for (const related of answer.related) {
    for (const passage of related.passages) out.push(passage.start, passage.end);
  }
  return out;
}

// A slice of a text by code points.
export function slice(text, start, end) {
  const at = converter(text, [start, end]);
  return text.slice(at(start), at(end));
}
