// Half-typed pinyin must not search: a filter in hx-trigger would need eval, which the CSP forbids.
addEventListener('input', (e) => {
  if (e.isComposing) e.stopImmediatePropagation();
}, true);
addEventListener('compositionend', (e) => {
  queueMicrotask(() => e.target.dispatchEvent(new Event('input', { bubbles: true })));
}, true);
