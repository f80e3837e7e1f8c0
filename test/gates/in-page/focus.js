// Checks of the focus: which stops there are, whether the ring can be seen, whether anything lies over it.
Object.assign(
  globalThis.gates,
  (() => {
    const { isShown, nameOf, rgba, ground, contrast } = globalThis.gates;
    const candidates = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]';

    /** Stops in the order of the document; a group of dots is one, the chosen dot or else the first. */
    const stops = () => {
      const nodes = [...document.querySelectorAll(candidates)].filter(
        (node) => node.tabIndex >= 0 && !node.disabled && isShown(node),
      );
      const isStop = (node) => {
        if (node.type !== 'radio') return true;
        const group = nodes.filter((one) => one.type === 'radio' && one.name === node.name && one.form === node.form);
        return node === (group.find((one) => one.checked) ?? group[0]);
      };
      return nodes.filter(isStop);
    };

    /** The next Tab begins at the top. @returns how many stops there are, and which have an order of their own */
    const begin = () => {
      globalThis.gates.expected = stops();
      globalThis.gates.seen = [];
      globalThis.gates.found = { isBegun: false, isOut: false, faults: [] };
      const { body } = document;
      body.tabIndex = -1;
      body.focus({ preventScroll: false });
      body.removeAttribute('tabindex');
      scrollTo(0, 0);
      return {
        count: globalThis.gates.expected.length,
        faults: globalThis.gates.expected
          .filter((node) => node.tabIndex > 0)
          .map((node) => `has an order of its own: ${nameOf(node)}`),
      };
    };

    const ringFaults = (node) => {
      const style = getComputedStyle(node);
      const width = Number.parseFloat(style.outlineWidth);
      if (style.outlineStyle === 'none' || width < 2) return [`no ring of 2 px: ${nameOf(node)}`];
      const colour = rgba(style.outlineColor);
      const offset = Number.parseFloat(style.outlineOffset);
      // A ring outside touches what lies around the element, a ring inside the element itself.
      const beside = offset >= 0 ? ground(node.parentElement ?? node) : ground(node);
      const ratio = contrast(colour, beside);
      return ratio < 3 ? [`the ring has a contrast of ${ratio.toFixed(2)}: ${nameOf(node)}`] : [];
    };

    /** One of the points of the element is on top, so that it can be seen (WCAG 2.4.11). */
    const coverFaults = (node) => {
      const [box] = node.getClientRects();
      if (!box) return [`has the focus and no place: ${nameOf(node)}`];
      const points = [0.5, 0.1, 0.9].map((part) => [box.left + box.width * part, box.top + Math.min(box.height * 0.5, 20)]);
      const isOnTop = ([x, y]) => {
        const top = document.elementFromPoint(x, y);
        return top !== null && (node.contains(top) || [...(node.labels ?? [])].some((label) => label.contains(top)));
      };
      const inside = points.filter(([x, y]) => x >= 0 && x <= innerWidth && y >= 0 && y <= innerHeight);
      if (inside.length === 0) return [`has the focus outside of the window: ${nameOf(node)}`];
      return inside.some(isOnTop) ? [] : [`is covered while it has the focus: ${nameOf(node)}`];
    };

    /** Looks at the element that has the focus. @returns its faults; `isOut` once the focus left the page */
    const look = () => {
      const node = document.activeElement;
      if (!node || node === document.body || node === document.documentElement) return { isOut: true, faults: [] };
      const { seen, expected } = globalThis.gates;
      // A field for a date has several stops of its own.
      if (seen.includes(node)) return { isOut: node !== seen.at(-1), faults: [] };
      seen.push(node);
      const known = expected.includes(node) ? [] : [`an unexpected stop: ${nameOf(node)}`];
      return { isOut: false, faults: [...known, ...ringFaults(node), ...coverFaults(node)] };
    };

    /** Where the last press has led, which the browser has brought into view. Once the focus is out, it may come in again at the top. */
    const lookOnce = () => {
      const { found } = globalThis.gates;
      if (found.isOut) return;
      const { isOut, faults } = look();
      found.isOut = isOut;
      found.faults.push(...faults);
    };
    // Each press is heard before it leads on; the first comes from nowhere.
    const hear = ({ key }) => {
      const { found } = globalThis.gates;
      if (key !== 'Tab' || !found) return;
      if (found.isBegun) lookOnce();
      found.isBegun = true;
    };
    addEventListener('keydown', hear, true);

    /** What was seen since `begin`; the last press has led out, or to a stop that nobody looked at yet. */
    const seenSoFar = () => {
      lookOnce();
      return globalThis.gates.found;
    };

    /** What a key may have changed: where one is, what has the focus, everything on the page but what running work tells of itself. */
    const state = () => {
      const page = document.documentElement.cloneNode(true);
      for (const work of page.querySelectorAll('[data-job]')) work.replaceChildren();
      return location.href + document.activeElement.localName + page.outerHTML;
    };

    /** Presses each key by events of our own, which cost less than the browser's; what they start is given a moment. */
    const isChangedBy = async (keys) => {
      begin();
      const before = state();
      for (const key of keys) {
        const keyCode = /[/?]/.test(key) ? 191 : key.toUpperCase().charCodeAt(0);
        const told = { key, keyCode, which: keyCode, bubbles: true, cancelable: true, composed: true };
        for (const type of ['keydown', 'keypress', 'keyup']) document.activeElement.dispatchEvent(new KeyboardEvent(type, told));
      }
      await new Promise((done) => setTimeout(done));
      return state() !== before;
    };

    /** After the last Tab: every stop was reached, in the order of the document. */
    const end = () => {
      const { seen, expected } = globalThis.gates;
      const missed = expected.filter((node) => !seen.includes(node)).map((node) => `is never reached: ${nameOf(node)}`);
      const inOrder = expected
        .filter((node) => seen.includes(node))
        .every((node, at) => node === seen.filter((one) => expected.includes(one))[at]);
      return [...missed, ...(inOrder ? [] : ['the order of stops is not that of the page'])];
    };
    return { begin, seenSoFar, end, isChangedBy, ring: ringFaults };
  })(),
);
