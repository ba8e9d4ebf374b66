// <c-toast data-ttl="8000">: goes by itself, but not while it is pointed at or has the focus (WCAG 2.2.1).
customElements.define('c-toast', class extends HTMLElement {
  connectedCallback() {
    const wait = () => {
      clearTimeout(this.timer);
      if (this.dataset.ttl) this.timer = setTimeout(() => this.remove(), Number(this.dataset.ttl));
    };
    const hold = () => clearTimeout(this.timer);
    for (const name of ['pointerenter', 'focusin']) this.addEventListener(name, hold);
    for (const name of ['pointerleave', 'focusout']) this.addEventListener(name, wait);
    this.addEventListener('click', (e) => {
      const button = e.target.closest('[data-dismiss]');
      if (!button) return;
      // A request whose element is gone is dropped, so the toast that carries one is only hidden until the answer is in.
      if (button.hasAttribute('hx-post')) this.hidden = true;
      else this.remove();
    });
    this.addEventListener('htmx:finally:request', () => this.remove());
    wait();
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
  }
});
