/** `load`, asked again when its answer is older than `ms` of real time. Callers at the same time share one answer. */
export function recent<T>(ms: number, load: () => Promise<T>): () => Promise<T> {
  let kept: { at: number; value: Promise<T> } | null = null;
  return () => {
    if (kept && performance.now() - kept.at < ms) return kept.value;
    const value = load();
    const made = { at: performance.now(), value };
    kept = made;
    value.catch(() => {
      if (kept === made) kept = null;
    });
    return value;
  };
}
