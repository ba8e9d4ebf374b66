// form[data-queue="label"]: written down on this device before it is sent, and taken away once the server has answered.
// What the network swallows waits and is sent again with the same key, so that it is never lost and never there twice.
// It belongs to who typed it: nobody else who signs in here sees it, and signing out takes it away after a warning.
// data-queue-once: acting again makes no sense while the first waits. data-queue-page: where the text can be taken back.
(() => {
  const owner = document.querySelector('meta[name="queue-of"]')?.content;
  const DAY = 24 * 60 * 60 * 1000;
  // The server knows a key for seven days; an older one might act twice, so a person decides (drafts.js clears others' away).
  const LIFE = 6 * DAY;
  // A page that was left while it sent: after this nobody waits for its answer any more.
  const PATIENCE = 30000;
  const PAUSES = [2000, 5000, 15000, 30000];
  const GATEWAY = [502, 503, 504];
  const count = document.getElementById('queue-count');
  if (!owner || !count) return;
  const mine = `queue:${owner}:`;
  const token = JSON.parse(document.body.getAttribute('hx-headers:inherited') ?? '{}')['X-CSRF-Token'];
  const fresh = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (n) => n.toString(16).padStart(2, '0')).join('');
  const entries = () => Object.keys(localStorage).filter((name) => name.startsWith(mine))
    .map((name) => JSON.parse(localStorage.getItem(name))).sort((a, b) => a.at - b.at);
  const put = (entry) => {
    localStorage.setItem(mine + entry.key, JSON.stringify(entry));
    show();
  };
  // Unless it was taken away meanwhile: by its owner, in another tab, or by signing out.
  const change = (entry) => {
    const there = localStorage.getItem(mine + entry.key) !== null;
    if (there) put(entry);
    return there;
  };
  const drop = (entry) => {
    localStorage.removeItem(mine + entry.key);
    show();
  };
  const left = (entry) => entry.state !== 'sending' || Date.now() - entry.tried > PATIENCE;
  const toast = (kind) => document.dispatchEvent(new CustomEvent('c:toast', { detail: kind }));

  // The form: kept before the request, taken away or left waiting after it.
  const described = (form, body) => {
    const fields = [...body];
    if (fields.some(([, value]) => value instanceof File && value.size)) return null;
    // Null: a file that was not chosen. The server compares what comes again with what came first.
    const texts = fields.filter(([name]) => name[0] !== '_').map(([name, value]) => [name, value instanceof File ? null : value]);
    return {
      key: form.elements._key.value,
      url: form.getAttribute('action'),
      page: form.dataset.queuePage ?? form.getAttribute('action'),
      draft: form.dataset.draft ?? '',
      label: form.dataset.queue,
      fields: texts,
      text: [...form.querySelectorAll('textarea, input.input[required]')].map((el) => el.value.trim()).filter(Boolean).join(' '),
      at: Date.now(),
      tried: Date.now(),
      state: 'sending',
      why: '',
    };
  };
  const queueable = (el) => el instanceof HTMLFormElement && 'queue' in el.dataset && el.elements._key;
  const kept = (form) => {
    const found = localStorage.getItem(mine + form.elements._key.value);
    return found && JSON.parse(found);
  };
  document.addEventListener('htmx:before:request', ({ detail: { ctx } }) => {
    const entry = queueable(ctx.sourceElement) && described(ctx.sourceElement, ctx.request.body);
    if (entry) put(entry);
  });
  const wait = (form) => {
    const entry = kept(form);
    if (!entry) return false;
    put({ ...entry, state: 'waiting', tried: Date.now() });
    form.dispatchEvent(new CustomEvent('c:kept', { bubbles: true }));
    form.reset();
    form.elements._key.value = fresh();
    if ('queueOnce' in form.dataset) form.inert = true;
    form.closest('dialog')?.close();
    toast('queued');
    again(PAUSES[0]);
    return true;
  };
  document.addEventListener('htmx:error', ({ detail: { ctx } }) => {
    if (ctx && ctx.text === undefined && queueable(ctx.sourceElement)) ctx.kept = wait(ctx.sourceElement);
  });
  document.addEventListener('htmx:response:error', ({ detail: { ctx } }) => {
    const form = ctx.sourceElement;
    const { status } = ctx.response.raw;
    if (!queueable(form)) return;
    const entry = kept(form);
    if (GATEWAY.includes(status)) ctx.kept = wait(form);
    else if (entry && status === 401) put({ ...entry, state: 'waiting' });
    else if (entry) drop(entry);
  });
  document.addEventListener('htmx:after:request', ({ detail: { ctx } }) => {
    if (!ctx.response?.raw.ok || !queueable(ctx.sourceElement)) return;
    const entry = kept(ctx.sourceElement);
    if (entry) drop(entry);
  });

  // Sending again: one tab of the browser does it, and the key makes a second one harmless.
  let timer;
  let failures = 0;
  let busy = false;
  const again = (pause) => {
    clearTimeout(timer);
    timer = setTimeout(sendAll, pause);
  };
  const reason = (html) => {
    const found = new DOMParser().parseFromString(html, 'text/html').querySelector('.alert, .err, [role=alert], c-toast span, .error');
    return found?.textContent.trim() ?? '';
  };
  const send = async (entry) => {
    if (!change({ ...entry, state: 'sending', tried: Date.now() })) return true;
    const body = new FormData();
    for (const [name, value] of entry.fields) body.append(name, value ?? new File([], ''));
    body.append('_key', entry.key);
    let answer;
    try {
      answer = await fetch(entry.url, {
        method: 'POST', body, signal: AbortSignal.timeout(20000),
        headers: { 'X-CSRF-Token': token, 'HX-Request': 'true', 'HX-Request-Type': 'partial' },
      });
      const html = await answer.text();
      if (answer.ok) {
        drop(entry);
        toast('sent');
        document.body.dispatchEvent(new CustomEvent('customer-changed', { bubbles: true }));
        return true;
      }
      if (answer.status !== 401 && answer.status < 500 && answer.status !== 429) {
        change({ ...entry, state: 'failed', why: reason(html) });
        toast('refused');
        return true;
      }
    } catch { /* No network: it waits. */ }
    change({ ...entry, state: 'waiting', tried: Date.now() });
    return false;
  };
  const leads = () => document.documentElement.dataset.leads || !window.BroadcastChannel;
  const sendAll = async () => {
    const open = entries().filter((entry) => entry.state !== 'failed');
    if (!open.length || busy) return;
    busy = true;
    for (const entry of leads() ? open.filter(left) : []) {
      if (Date.now() - entry.at > LIFE) change({ ...entry, state: 'failed' });
      else if (await send(entry)) failures = 0;
      else {
        failures += 1;
        break;
      }
    }
    busy = false;
    again(failures ? PAUSES[Math.min(failures, PAUSES.length) - 1] : PAUSES[1]);
  };

  // What the person sees.
  const list = () => document.querySelector('[data-queue-list]');
  const line = (entry, pattern) => {
    const row = pattern.content.cloneNode(true).firstElementChild;
    const failed = entry.state === 'failed';
    row.dataset.key = entry.key;
    row.querySelector('b').textContent = entry.label;
    row.querySelector('p').textContent = entry.text;
    row.querySelector('time').textContent = new Date(entry.at).toLocaleString(document.documentElement.lang);
    row.querySelector('[data-if=failed]').hidden = !failed;
    row.querySelector('[data-if=waiting]').hidden = failed;
    row.querySelector('[data-why]').textContent = failed ? entry.why : '';
    return row;
  };
  function show() {
    const all = entries().filter((entry) => entry.state !== 'sending' || left(entry) || entry.tried > entry.at);
    count.hidden = !all.length;
    count.querySelector('em').textContent = all.length;
    const place = list();
    if (place) place.replaceChildren(...all.map((entry) => line(entry, document.querySelector('[data-queue-line]'))));
  }
  document.addEventListener('c:open', ({ target }) => target.id === 'queue' && show(), true);
  document.addEventListener('click', ({ target }) => {
    const button = target.closest?.('[data-queue-retry], [data-queue-take]');
    const key = button?.closest('[data-key]')?.dataset.key;
    const entry = key && entries().find((one) => one.key === key);
    if (!entry) return;
    if (button.hasAttribute('data-queue-retry')) send(entry);
    else {
      // The draft of its form holds the text again, and the form's own key is a new one.
      if (entry.draft) localStorage.setItem(`draft:${owner}:${entry.draft}`, JSON.stringify({ at: Date.now(), values: entry.fields }));
      drop(entry);
      location.assign(entry.page);
    }
  });
  document.addEventListener('submit', (e) => {
    if (!e.target.hasAttribute('data-logout')) return;
    const all = entries();
    if (all.length && !confirm(count.dataset.warn.replace('#', all.length))) {
      e.preventDefault();
      e.stopImmediatePropagation();
    } else for (const entry of all) drop(entry);
  }, true);
  addEventListener('online', () => again(0));
  addEventListener('storage', ({ key }) => {
    if (!key?.startsWith(mine)) return;
    show();
    again(PAUSES[0]);
  });
  show();
  again(500);
})();
