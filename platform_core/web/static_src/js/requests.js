// What a person sees when a request inside the page fails. The sentences are templates of the page (toast-*).
(() => {
  const KINDS = { 401: 'denied', 403: 'denied', 404: 'missing', 409: 'conflict' };
  const toasts = document.getElementById('toasts');
  const show = (kind) => {
    const template = document.getElementById(`toast-${kind}`);
    if (!template) return;
    toasts.querySelector(`[data-kind=${kind}]`)?.remove();
    const toast = template.content.cloneNode(true).firstElementChild;
    toast.dataset.kind = kind;
    toasts.append(toast);
  };
  document.addEventListener('c:toast', ({ detail }) => show(detail));
  document.addEventListener('htmx:response:error', ({ detail: { ctx } }) => {
    const { status } = ctx.response.raw;
    // Somebody deals with this answer already: the form takes it, the server sent a toast or leads to another page.
    const taken = ctx.kept || ctx.sourceElement.hasAttribute(`hx-status:${status}`);
    if (taken || ctx.hx.redirect || ctx.text.includes('<c-toast')) return;
    show(KINDS[status] ?? 'error');
  });
  document.addEventListener('htmx:error', ({ detail: { ctx } }) => {
    if (ctx && ctx.text === undefined && !ctx.kept) show('offline');
  });
  document.addEventListener('suggest-failed', ({ detail: status }) => show(status ? KINDS[status] ?? 'error' : 'offline'));

  // Another form of the page may still show its errors: only what has just arrived counts.
  const seen = new WeakSet();
  const focusError = () => {
    const fresh = [...document.querySelectorAll('form[data-autofocus-error] [aria-invalid=true]')].filter((el) => !seen.has(el));
    fresh.forEach((el) => seen.add(el));
    fresh[0]?.focus();
  };
  document.addEventListener('htmx:after:swap', ({ detail: { ctx } }) => {
    if (ctx.response?.raw.status === 422) focusError();
  });
  focusError();
})();
