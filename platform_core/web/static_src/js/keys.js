// Keys are declared on real elements: data-key="c", "g w" or "F2". `?` lists those of the page. Single letters are off
// while typing, and altogether where the user switched them off (WCAG 2.1.4).
(() => {
  const OFF = 'keys-off';
  const $ = (selector, root = document) => root.querySelector(selector);
  const composing = (e) => e.isComposing || e.keyCode === 229;
  const typing = (e) => e.target.closest?.('input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]');
  const reachable = (el) => {
    const modal = $('dialog:modal');
    return !el.disabled && (modal ? modal.contains(el) : !el.closest('dialog'));
  };
  const declared = () => [...document.querySelectorAll('[data-key]')].filter(reachable);
  const find = (key) => {
    const all = declared().filter((el) => el.dataset.key.toLowerCase() === key);
    return all.find((el) => el.offsetParent) ?? all[0];
  };
  const use = (el) => (el.matches('input, textarea, select') ? el.focus() : el.click());

  let first = '';
  let forgetting;
  const letter = (key) => {
    const el = find(first ? `${first} ${key}` : key) ?? find(key);
    const starts = declared().some((other) => other.dataset.key.toLowerCase().startsWith(`${key} `));
    clearTimeout(forgetting);
    first = starts ? key : '';
    forgetting = setTimeout(() => { first = ''; }, 1000);
    if (el) use(el);
    return Boolean(el || starts);
  };

  // Moving in a list moves the real focus, so Enter, screen readers and the scroll position follow by themselves.
  const mainLink = (row) => $('.c-name a', row) ?? $('a', row);
  const list = (key) => {
    const rows = [...document.querySelectorAll('.grid tbody tr')];
    if (!rows.length || $('dialog:modal')) return false;
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    if (key === 'x') $('.ck input', rows[at])?.click();
    else if (key === 'j' || key === 'k') {
      const next = at < 0 ? 0 : at + (key === 'j' ? 1 : -1);
      const link = rows[next] && mainLink(rows[next]);
      link?.focus();
      link?.scrollIntoView({ block: 'nearest' });
    } else return false;
    return true;
  };

  const chord = (e) => {
    const key = e.key.toLowerCase();
    if (key === 'k') {
      const palette = $('#palette');
      if (palette?.open) palette.close();
      else $('[data-open=palette]')?.click();
      return true;
    }
    const form = key === 'enter' && e.target.closest('form');
    if (form) form.requestSubmit();
    return Boolean(form);
  };

  const plain = (key) => {
    if (letter(key) || list(key)) return true;
    if (key !== '/' || $('dialog:modal')) return false;
    const search = $('.fsearch input[type=search]');
    if (search) search.focus();
    else $('[data-open=palette]')?.click();
    return true;
  };

  document.addEventListener('keydown', (e) => {
    if (e.defaultPrevented || composing(e) || e.altKey) return;
    let used = false;
    if (e.ctrlKey || e.metaKey) used = chord(e);
    else if (/^F\d+$/.test(e.key)) {
      const el = find(e.key.toLowerCase());
      used = Boolean(el);
      if (el) use(el);
    } else if (e.key.length === 1 && !typing(e) && !localStorage.getItem(OFF)) used = plain(e.key.toLowerCase());
    if (used) e.preventDefault();
  });

  const label = (el) => el.dataset.keyLabel || el.getAttribute('aria-label') || ($('span', el) ?? el).textContent.trim();
  document.addEventListener('c:open', ({ target }) => {
    if (target.id !== 'keys') return;
    const names = new Map(declared().map((el) => [el.dataset.key, label(el)]));
    $('[data-keys-list]', target).replaceChildren(...[...names].map(([key, text]) => {
      const row = document.createElement('div');
      const dd = document.createElement('dd');
      row.append(Object.assign(document.createElement('dt'), { textContent: text }), dd);
      dd.append(...key.split(' ').map((part) =>
        Object.assign(document.createElement('kbd'), { textContent: part.toUpperCase() })));
      return row;
    }));
    $('[data-keys-toggle]', target).checked = !localStorage.getItem(OFF);
  }, true);
  document.addEventListener('change', ({ target }) => {
    if (!target.matches('[data-keys-toggle]')) return;
    if (target.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, '1');
  });
})();
