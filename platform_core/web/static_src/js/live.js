// One event stream per browser: a stream per tab would use up the six connections of HTTP/1.1. The tab seen last holds
// it and passes the signals on. No Web Locks or SharedWorker: they are missing on plain-http networks and on Android.
// Signals carry no customer data; whoever hears `live:notify`, `live:job`, `live:call` or
// `live:team` on body fetches its fragment; `live:team:ID` is of one department alone, and `live:again` of everything.
// A signal's id is when the server heard of it: whoever connects says what was heard last, and misses nothing.
(() => {
  const address = document.querySelector('meta[name="live-url"]')?.content;
  if (!address || !window.BroadcastChannel) return;
  const TYPES = ['notify', 'job', 'call', 'team'];
  const BEAT = 5000;
  // The server says something every 20 seconds: a line that is silent for longer is dead, whatever the browser believes.
  const SILENT = 50000;
  const channel = new BroadcastChannel('baton-live');
  const me = Math.random().toString(36).slice(2);
  const url = new URL(address, location);
  let heard = Number(url.searchParams.get('since'));
  let source = null;
  let claimed = 0;
  let failures = 0;
  let retry;
  let silence;
  let watch;

  const visible = () => document.visibilityState === 'visible';
  const emit = ({ type, data, id }) => {
    heard = Math.max(heard, Number(id) || 0);
    // `again`: nobody knows what was missed.
    const types = type === 'again' ? TYPES : TYPES.filter((known) => known === type);
    const names = types.map((known) => `live:${known}`);
    names.push(type === 'again' ? 'live:again' : `live:${type}:${data}`);
    for (const name of names) document.body.dispatchEvent(new CustomEvent(name, { detail: data, bubbles: true }));
  };
  const tell = (said) => {
    emit(said);
    channel.postMessage(said);
  };
  const close = () => {
    clearTimeout(retry);
    clearTimeout(watch);
    source?.close();
    source = null;
  };
  const failed = () => {
    if (source.readyState !== EventSource.CLOSED && failures < 3) return;
    close();
    failures += 1;
    // From the third failure on, polling: everybody fetches what may have changed.
    if (failures >= 3) TYPES.slice(0, 2).forEach((type) => tell({ type, data: '' }));
    retry = setTimeout(connect, failures < 3 ? 2000 * 2 ** failures : 25000);
  };
  const attend = () => {
    clearTimeout(watch);
    watch = setTimeout(() => {
      close();
      connect();
    }, SILENT);
  };
  const connect = () => {
    url.searchParams.set('since', heard);
    source = new EventSource(url);
    attend();
    source.onopen = () => {
      failures = 0;
      attend();
    };
    source.onerror = failed;
    for (const type of [...TYPES, 'again', 'ping']) {
      source.addEventListener(type, ({ data, lastEventId }) => {
        attend();
        tell({ type, data, id: lastEventId });
      });
    }
  };
  const announce = () => channel.postMessage({ leader: me, claimed });
  const leading = () => claimed > 0;
  const claim = () => {
    clearTimeout(silence);
    claimed = Date.now();
    document.documentElement.dataset.leads = '1';
    announce();
    if (!source) connect();
  };
  const yieldTo = (other) => {
    // Two tabs may claim at once: the later claim wins on both sides, so one of them stays.
    const later = other.claimed - claimed || (other.leader > me ? 1 : -1);
    if (leading() && later < 0) announce();
    else {
      claimed = 0;
      delete document.documentElement.dataset.leads;
      close();
      listen();
    }
  };
  // A leader that vanished without a word is replaced when its beat stays out.
  const listen = (delay = 2.5 * BEAT) => {
    clearTimeout(silence);
    silence = setTimeout(claim, delay + Math.random() * 3000);
  };

  channel.onmessage = ({ data }) => {
    if (data.leader) yieldTo(data);
    else if (data.bye) {
      if (visible()) claim();
      else listen(1000);
    } else emit(data);
  };
  setInterval(() => { if (leading()) announce(); }, BEAT);
  document.addEventListener('visibilitychange', () => visible() && claim());
  addEventListener('focus', claim);
  addEventListener('online', () => leading() && (close(), connect()));
  addEventListener('pagehide', () => {
    if (!leading()) return;
    claimed = 0;
    close();
    channel.postMessage({ bye: me });
  });
  addEventListener('pageshow', () => (visible() ? claim() : listen()));
})();
