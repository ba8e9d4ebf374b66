// One sound for each `data-chime`, however many tabs are open: the tab that holds the event stream makes it, and all
// tabs know for what it was made. Browsers stay silent until somebody has clicked on the page; that is no fault.
(() => {
  const place = document.querySelector('#calls');
  if (!place) return;
  const KEPT = 'chimes';
  const made = () => (localStorage.getItem(KEPT) ?? '').split(' ').filter(Boolean);
  const tone = (context, pitch, at) => {
    const source = new OscillatorNode(context, { frequency: pitch });
    const volume = new GainNode(context, { gain: 0 });
    volume.gain.setValueAtTime(0, context.currentTime + at);
    volume.gain.linearRampToValueAtTime(0.15, context.currentTime + at + 0.02);
    volume.gain.linearRampToValueAtTime(0, context.currentTime + at + 0.28);
    source.connect(volume).connect(context.destination);
    source.start(context.currentTime + at);
    source.stop(context.currentTime + at + 0.3);
  };
  const chime = () => {
    if (!document.documentElement.dataset.leads) return;
    const fresh = [...place.querySelectorAll('[data-chime]')].map((el) => el.dataset.chime);
    const known = made();
    const unheard = fresh.filter((key) => !known.includes(key));
    if (!unheard.length) return;
    localStorage.setItem(KEPT, [...unheard, ...known].slice(0, 20).join(' '));
    const context = new AudioContext();
    tone(context, 880, 0);
    tone(context, 660, 0.32);
    setTimeout(() => context.close(), 1500);
  };
  document.addEventListener('submit', ({ target }) => {
    if (target.hasAttribute('data-logout')) localStorage.removeItem(KEPT);
  });
  new MutationObserver(chime).observe(place, { childList: true });
})();
