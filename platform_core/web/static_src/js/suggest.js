// textarea[data-suggest="@ /address?q= / /other?q="]: what follows a sign is looked up while it is typed; arrows choose,
// Enter or Tab writes it into the text, Escape closes. The address answers with a JSON list of texts, or of
// {text, take}: then the answer to a POST to `take` stands in place of sign and letters, filled from the form's fields
// named in data-suggest-with. A button[data-suggest-sign="/"] of the same form types the sign.
(() => {
  const addressesOf = (area) => {
    const words = area.dataset.suggest.split(' ');
    return new Map(words.flatMap((word, at) => (at % 2 ? [] : [[word, words[at + 1]]])));
  };
  let list = null;
  let area = null;
  let asked = '';

  const close = () => {
    list?.remove();
    area?.removeAttribute('aria-activedescendant');
    area?.removeAttribute('aria-controls');
    list = area = null;
    asked = '';
  };
  // The sign before the caret and what follows it; not in the middle of a mail address, a link, a date or "this/that".
  const pieceOf = (el) => {
    const before = el.value.slice(0, el.selectionStart);
    const [at, sign] = [...addressesOf(el).keys()].map((one) => [before.lastIndexOf(one), one]).sort((a, b) => b[0] - a[0])[0];
    const piece = before.slice(at + 1);
    const within = sign === '@' ? /[\w.+-]/ : /[\p{L}\p{N}.:/+-]/u;
    if (at < 0 || within.test(before[at - 1] ?? '') || /\s/.test(piece) || piece.length > 20) return null;
    return { at, sign, piece };
  };
  const put = (el, from, text) => {
    el.setRangeText(text, from, el.selectionStart, 'end');
    el.focus();
    el.dispatchEvent(new Event('input', { bubbles: true }));
  };
  const options = () => [...list.children];
  const choose = (option) => {
    for (const other of options()) other.setAttribute('aria-selected', String(other === option));
    area.setAttribute('aria-activedescendant', option.id);
    option.scrollIntoView({ block: 'nearest' });
  };
  const take = async (option) => {
    const el = area;
    const { at } = pieceOf(el);
    const { take: url } = option.dataset;
    close();
    if (!url) { put(el, at + 1, `${option.textContent} `); return; }
    const body = new FormData();
    for (const name of ['_csrf', ...(el.dataset.suggestWith ?? '').split(' ')]) {
      const value = el.form.elements[name]?.value ?? el.dataset[name];
      if (value) body.append(name, value);
    }
    const answer = await fetch(url, { method: 'POST', body, headers: { 'HX-Request': 'true' } }).catch(() => null);
    const text = answer?.ok ? (await answer.json()).text : null;
    if (text === null) el.dispatchEvent(new CustomEvent('suggest-failed', { bubbles: true, detail: answer?.status }));
    else if (pieceOf(el)?.at === at) put(el, at, text);
  };
  const show = (el, texts) => {
    if (!texts.length) return close();
    list?.remove();
    [list, area] = [document.createElement('ul'), el];
    list.className = 'suggest';
    list.id = `${el.id}-suggest`;
    list.setAttribute('role', 'listbox');
    list.setAttribute('aria-label', el.labels?.[0]?.textContent ?? '');
    texts.forEach((text, number) => {
      const option = list.appendChild(document.createElement('li'));
      option.id = `${list.id}-${number}`;
      option.setAttribute('role', 'option');
      option.textContent = text.text ?? text;
      if (text.take) option.dataset.take = text.take;
    });
    el.after(list);
    el.setAttribute('aria-controls', list.id);
    choose(list.firstElementChild);
    return undefined;
  };

  document.addEventListener('input', async ({ target: el }) => {
    if (!el.dataset?.suggest) return;
    const found = pieceOf(el);
    if (found === null) { close(); return; }
    const url = addressesOf(el).get(found.sign) + encodeURIComponent(found.piece);
    asked = url;
    const answer = await fetch(url, { headers: { 'HX-Request': 'true' } });
    const texts = answer.ok ? await answer.json() : [];
    // A later letter has asked again, or the caret has gone on.
    if (asked === url && pieceOf(el)?.piece === found.piece) show(el, texts);
  });
  document.addEventListener('keydown', (e) => {
    if (!list || e.target !== area || e.isComposing || e.ctrlKey || e.metaKey) return;
    const chosen = list.querySelector('[aria-selected=true]');
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (step) choose(options().at((options().indexOf(chosen) + step) % options().length));
    else if (e.key === 'Enter' || e.key === 'Tab') take(chosen);
    else if (e.key === 'Escape') close();
    else return;
    e.preventDefault();
    e.stopImmediatePropagation();
  }, true);
  document.addEventListener('click', ({ target }) => {
    const sign = target.closest?.('button[data-suggest-sign]');
    const el = sign?.form.querySelector('textarea[data-suggest]');
    if (!el) return;
    el.focus();
    const before = el.value.slice(0, el.selectionStart);
    put(el, el.selectionStart, /(^|\s)$/.test(before) ? sign.dataset.suggestSign : ` ${sign.dataset.suggestSign}`);
  });
  // Before the text loses the focus.
  document.addEventListener('pointerdown', (e) => {
    const option = list && e.target.closest?.('.suggest [role=option]');
    if (option) { e.preventDefault(); take(option); }
  });
  document.addEventListener('focusout', (e) => { if (e.target === area) close(); });
})();
