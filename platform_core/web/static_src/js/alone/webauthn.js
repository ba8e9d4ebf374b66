// Security keys and passkeys. input[data-webauthn="get|create"] in a form: when the form is submitted the browser asks for the key
// and its answer becomes the input's value. Options are the input's data-options, or those of the radio button chosen. A
// submit button with data-no-key leaves the key out. p[data-key-says] are the sentences that may be shown.
(() => {
  const inputs = () => document.querySelectorAll('input[data-webauthn]');
  const say = (form, kind) => {
    for (const line of form.querySelectorAll('[data-key-says]')) line.hidden = line.dataset.keySays !== kind;
  };
  const inPlace = ({ dataset: { keyDomain: domain } }) => location.hostname === domain || location.hostname.endsWith(`.${domain}`);
  const prepare = () => {
    for (const input of inputs()) {
      if (input.dataset.ready) continue;
      input.dataset.ready = '1';
      const trouble = !inPlace(input) ? 'place' : window.PublicKeyCredential ? '' : 'old';
      say(input.form, trouble);
      if (trouble) for (const button of input.form.querySelectorAll('[type=submit]:not([data-no-key])')) button.disabled = true;
    }
  };

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (letter) => letter.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  const named = (list) => list?.map((one) => ({ ...one, id: bytes(one.id) }));
  // Browsers of 2023 cannot read and write these as JSON by themselves.
  const ask = async (input) => {
    const chosen = input.form.querySelector('[type=radio][data-options]:checked') ?? input;
    const options = JSON.parse(chosen.dataset.options);
    options.challenge = bytes(options.challenge);
    if (input.dataset.webauthn === 'get') {
      options.allowCredentials = named(options.allowCredentials);
      return navigator.credentials.get({ publicKey: options });
    }
    options.user.id = bytes(options.user.id);
    options.excludeCredentials = named(options.excludeCredentials);
    return navigator.credentials.create({ publicKey: options });
  };
  const written = (key) => {
    const { response } = key;
    const parts = { clientDataJSON: text(response.clientDataJSON) };
    for (const name of ['attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
      if (response[name]) parts[name] = text(response[name]);
    }
    if (response.getTransports) parts.transports = response.getTransports();
    return JSON.stringify({
      id: key.id, rawId: text(key.rawId), type: key.type, response: parts,
      authenticatorAttachment: key.authenticatorAttachment ?? undefined, clientExtensionResults: {},
    });
  };
  const REASONS = { InvalidStateError: 'known', SecurityError: 'place' };

  document.addEventListener('submit', async (e) => {
    const form = e.target;
    const button = e.submitter;
    const input = form.querySelector?.('input[data-webauthn]');
    if (!input || input.value || button?.hasAttribute('data-no-key')) return;
    e.preventDefault();
    e.stopImmediatePropagation();
    if (form.ariaBusy === 'true') return;
    form.ariaBusy = 'true';
    say(form, 'touch');
    try {
      input.value = written(await ask(input));
      form.requestSubmit(button);
    } catch (error) {
      say(form, REASONS[error.name] ?? 'silent');
    } finally {
      form.ariaBusy = null;
    }
  }, true);

  document.addEventListener('htmx:after:swap', prepare);
  // A page that comes back from the browser's memory brings an answer that has been used.
  addEventListener('pageshow', () => {
    for (const input of inputs()) input.value = '';
  });
  prepare();
})();
