// form[data-draft="record"]: what is typed survives a reload, an error, a lost session and a crash of the browser. It is
// kept with whose it is: nobody else who signs in here gets it, and signing out takes it away.
// form[data-guard]: leaving asks first.
(() => {
  const owner = document.querySelector('meta[name="queue-of"]')?.content;
  const mine = `draft:${owner}:`;
  // As long as the server knows the key of what waits to be sent (queue.js).
  const LIFE = 6 * 24 * 60 * 60 * 1000;
  const key = (form) => mine + form.dataset.draft;
  const fields = (form) => [...form.elements].filter((el) =>
    el.name && el.name[0] !== '_' && !['hidden', 'password', 'file', 'submit', 'button'].includes(el.type));
  const pickable = (el) => el.type === 'radio' || el.type === 'checkbox';

  const save = (form) => {
    const values = fields(form).filter((el) => !pickable(el) || el.checked).map((el) => [el.name, el.value]);
    const texts = fields(form).some((el) => el.tagName === 'TEXTAREA' && el.value.trim());
    if (texts) localStorage.setItem(key(form), JSON.stringify({ at: Date.now(), values }));
    else localStorage.removeItem(key(form));
  };
  const restore = (form) => {
    if (form.dataset.restored) return;
    form.dataset.restored = '1';
    const draft = localStorage.getItem(key(form));
    // A form that came back with an error holds fresher text than the draft.
    if (!draft || form.querySelector('[aria-invalid]')) return;
    const { values } = JSON.parse(draft);
    for (const el of fields(form)) {
      if (pickable(el)) el.checked = values.some(([name, value]) => name === el.name && value === el.value);
      else {
        const found = values.find(([name]) => name === el.name);
        if (found) el.value = found[1];
      }
    }
  };
  const restoreAll = () => document.querySelectorAll('form[data-draft]').forEach(restore);
  const forget = (form) => {
    delete form.dataset.dirty;
    if (!form.dataset.draft) return;
    localStorage.removeItem(key(form));
    // The phone's sheet and the page's form are two forms for one draft.
    for (const twin of document.querySelectorAll('form[data-draft]')) {
      if (twin !== form && twin.dataset.draft === form.dataset.draft) twin.reset();
    }
  };

  document.addEventListener('input', ({ target }) => {
    const form = target.form;
    if (!form) return;
    if (form.hasAttribute('data-draft')) save(form);
    if (form.hasAttribute('data-guard')) form.dataset.dirty = '1';
  });
  document.addEventListener('submit', ({ target }) => {
    if (!target.hasAttribute('hx-post')) forget(target);
    if (target.hasAttribute('data-logout')) {
      for (const name of Object.keys(localStorage)) if (name.startsWith(mine)) localStorage.removeItem(name);
    }
  });
  document.addEventListener('htmx:after:request', ({ detail: { ctx } }) => {
    const form = ctx.sourceElement;
    if (ctx.response.raw.ok && form instanceof HTMLFormElement) forget(form);
  });
  document.addEventListener('c:kept', ({ target }) => forget(target));
  document.addEventListener('htmx:after:swap', restoreAll);
  addEventListener('beforeunload', (e) => {
    if (document.querySelector('form[data-dirty]')) e.preventDefault();
  });
  // What people who have not been here for long wrote on this device, and what of theirs waits to be sent.
  const isOthers = (name) => /^(draft|queue):/.test(name) && name.split(':')[1] !== owner;
  for (const name of owner ? Object.keys(localStorage).filter(isOthers) : []) {
    if (Date.now() - JSON.parse(localStorage.getItem(name)).at > LIFE) localStorage.removeItem(name);
  }
  restoreAll();
})();
