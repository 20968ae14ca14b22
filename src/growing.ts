/**
 * Options of an `LRUCache` of `most` entries that takes memory as it fills. With `max` it would take it for all of them when it
 * is made: a quarter of a megabyte for ten thousand, in every process, most of which never need it.
 */
export const growing = (most: number): { maxSize: number; sizeCalculation: () => number } => ({
  maxSize: most,
  sizeCalculation: () => 1,
});
