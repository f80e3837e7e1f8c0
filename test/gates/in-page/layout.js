// Checks of how a page lies: no sideways scroll, nothing cut off, controls high enough to be hit.
Object.assign(
  globalThis.gates,
  (() => {
    const { isShown, isForEars, nameOf } = globalThis.gates;
    const all = (selector) => [...document.querySelectorAll(selector)];

    /** @returns what makes the page wider than its window */
    const sideways = (when) => {
      const width = document.documentElement.clientWidth;
      const over = document.scrollingElement.scrollWidth - width;
      if (over <= 0) return [];
      const guilty = all('body *').filter((node) => isShown(node) && node.getBoundingClientRect().right > width + 0.5);
      const inner = guilty.filter((node) => !guilty.some((other) => other !== node && node.contains(other)));
      return [`${over} px too wide ${when}: ${inner.slice(0, 3).map(nameOf).join(' | ')}`];
    };

    const scrolls = (style) => /auto|scroll/.test(`${style.overflowX} ${style.overflowY}`);
    /** Text that is cut off: it does not fit into a box that hides what runs over. A box that scrolls must be reachable by keyboard. */
    const clipped = (when) =>
      all('body *')
        // First what rules out nearly all of them.
        .filter((node) => {
          const style = getComputedStyle(node);
          if (style.overflowX === 'visible' && style.overflowY === 'visible') return false;
          const runsOver = node.scrollWidth > node.clientWidth + 1 || node.scrollHeight > node.clientHeight + 1;
          return (
            runsOver && node.clientWidth > 0 && !(scrolls(style) && (node.tabIndex >= 0 || node.querySelector('a[href], button')))
          );
        })
        .filter(
          (node) =>
            node.textContent.trim() !== '' &&
            isShown(node) &&
            !isForEars(node) &&
            !node.closest('svg, meter, progress, [aria-hidden=true]'),
        )
        .map((node) => `cut off ${when}: ${nameOf(node)}`);

    /** Text as large as a person may set it (WCAG 1.4.4): every size follows the one of the root. */
    const enlarge = (percent) => {
      document.documentElement.style.fontSize = percent === 100 ? '' : `${percent}%`;
    };
    const enlarged = (when) => {
      enlarge(200);
      const faults = [...sideways(when), ...clipped(when)];
      enlarge(100);
      return faults;
    };
    const sizes = () =>
      all('main *')
        .filter((node) => node.firstChild?.nodeType === 3 && isShown(node) && !isForEars(node))
        .map((node) => [node, Number.parseFloat(getComputedStyle(node).fontSize)]);
    const unmoved = () => {
      const before = sizes();
      enlarge(200);
      const faults = before
        .filter(([node, size]) => Number.parseFloat(getComputedStyle(node).fontSize) < size * 1.6)
        .map(([node]) => `text does not grow with the size a person sets: ${nameOf(node)}`);
      enlarge(100);
      return faults.slice(0, 5);
    };

    const spacing = new CSSStyleSheet();
    spacing.replaceSync(
      '* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-block-end: 2em !important }',
    );
    /** The spacing that a person may set (WCAG 1.4.12). */
    const spaced = (when) => {
      document.adoptedStyleSheets = [spacing];
      const faults = [...clipped(when), ...sideways(when)];
      document.adoptedStyleSheets = [];
      return faults;
    };

    const controls = 'button, input:not([type=hidden]), select, textarea, .button, nav a, .day[href], .choice-link, summary';
    /** Controls are 44 px high (K6); a box or a dot counts with its label, which can be pressed as well. A box that chooses a row has 24 px. */
    const low = () =>
      all(controls)
        .filter((node) => isShown(node) && !isForEars(node) && !node.closest('[aria-hidden=true]'))
        .filter((node) => {
          const boxes = node.matches('[type=checkbox], [type=radio]') ? [node, ...(node.labels ?? [])] : [node];
          const least = node.closest('.table-select') ? 23.5 : 43.5;
          return Math.max(...boxes.map((box) => box.getBoundingClientRect().height)) < least;
        })
        .map((node) => `lower than 44 px (${Math.round(node.getBoundingClientRect().height)}): ${nameOf(node)}`);

    const unfold = () => {
      for (const details of all('details')) details.open = true;
    };
    return { sideways, clipped, enlarged, unmoved, spaced, low, unfold };
  })(),
);
