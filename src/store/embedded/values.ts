/** What stands at a path of a document, as MongoDB's matcher walks it (arrays are looked into, one level each). */
export interface Found {
  /** Scalars, objects and the elements of a leaf array; `undefined` where the path is absent. */
  values: unknown[];
  /** An array was met on the way or at the end. */
  array: boolean;
  /** An array was met at the end: the path exists even when it is empty. */
  leafArray: boolean;
}

const isIndex = (part: string): boolean => /^(0|[1-9]\d{0,6})$/.test(part);

/** The members of `document` at a dotted path, given in parts. */
export function valuesAt(document: unknown, parts: readonly string[]): Found {
  const found: Found = { values: [], array: false, leafArray: false };
  visit(document, parts, 0, found);
  return found;
}

function visit(value: unknown, parts: readonly string[], at: number, found: Found): void {
  const part = parts[at];
  if (part === undefined) {
    if (!Array.isArray(value)) found.values.push(value);
    else {
      found.array = true;
      found.leafArray = true;
      for (const element of value) found.values.push(element);
    }
  } else if (Array.isArray(value)) {
    found.array = true;
    if (isIndex(part) && Number(part) < value.length) visit(value[Number(part)], parts, at + 1, found);
    for (const element of value) {
      if (isPlainObject(element)) visit(element, parts, at, found);
    }
  } else if (isPlainObject(value)) {
    visit(Object.hasOwn(value, part) ? value[part] : undefined, parts, at + 1, found);
  } else found.values.push(undefined);
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** UTF-16 units in the order of the code points they stand for: surrogates after the rest of the plane. */
const weight = (unit: number): number =>
  unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800;

/** Binary order of the UTF-8 forms, as MongoDB and SQLite compare strings (JavaScript's `<` differs above U+FFFF). */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return weight(x) - weight(y);
  }
  return a.length - b.length;
}

/** MongoDB's comparison order of JSON types; an empty array sorts below null. */
function rank(value: unknown): number {
  if (value === undefined || value === null) return 1;
  if (typeof value === 'number') return 2;
  if (typeof value === 'string') return 3;
  if (typeof value === 'boolean') return 6;
  return Array.isArray(value) ? 5 : 4;
}

/** Total order of JSON values as MongoDB defines it for sorting and `$max`; missing equals null. */
export function compareValues(a: unknown, b: unknown): number {
  const difference = rank(a) - rank(b);
  if (difference !== 0) return difference;
  if (typeof a === 'number') return a - (b as number);
  if (typeof a === 'string') return compareText(a, b as string);
  if (typeof a === 'boolean') return Number(a) - Number(b);
  if (Array.isArray(a)) return compareLists(a, b as unknown[]);
  if (isPlainObject(a)) return compareLists(Object.entries(a).flat(), Object.entries(b as object).flat());
  return 0;
}

function compareLists(a: readonly unknown[], b: readonly unknown[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const difference = compareValues(a[i], b[i]);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

const emptyArray = Symbol('empty array');

/** Of an array MongoDB sorts by the least element when ascending, by the greatest when descending. */
function sortValue(document: unknown, parts: readonly string[], direction: 1 | -1): unknown {
  const { values, array } = valuesAt(document, parts);
  if (!array) return values[0];
  if (values.length === 0) return emptyArray;
  return values.reduce((best, value) => (compareValues(value, best) * direction < 0 ? value : best));
}

/** Compares two documents by a sort specification; equal ones keep their order (sort by it with a stable sort). */
export function comparator(sort: Readonly<Record<string, 1 | -1>>): (a: unknown, b: unknown) => number {
  const fields = Object.entries(sort).map(([path, direction]) => ({ parts: path.split('.'), direction }));
  return (a, b) => {
    for (const { parts, direction } of fields) {
      const x = sortValue(a, parts, direction);
      const y = sortValue(b, parts, direction);
      const difference =
        x === emptyArray || y === emptyArray
          ? Number(y === emptyArray) - Number(x === emptyArray)
          : compareValues(x, y);
      if (difference !== 0) return difference * direction;
    }
    return 0;
  };
}
