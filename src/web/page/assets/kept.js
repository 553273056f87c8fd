// What stands on the page when it is left, for Back and Reload: kept by the browser with this entry of the tab's history, and sent
// nowhere. sessionStorage was rejected: all entries share it, so Back to an earlier text would find a later one.

// Browsers refuse states of some megabytes, each from another size on; then nothing is kept rather than half a text.
export function keep(state) {
  try {
    window.history.replaceState(state, '');
  } catch {
    window.history.replaceState(null, '');
  }
}

// Going to the address anew is neither Back nor Reload, though the entry, and with it the state, may be the same.
export function kept() {
  const [how] = performance.getEntriesByType('navigation');
  return ['back_forward', 'reload'].includes(how?.type) ? window.history.state : null;
}
