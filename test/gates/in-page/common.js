// What the checks inside a page share; they are put into every page before its own scripts (Playwright, addInitScript).
globalThis.gates = (() => {
  const isShown = (node) => node.checkVisibility({ checkVisibilityCSS: true, contentVisibilityAuto: true });
  /** text that only screen readers get, and the skip link while it waits above the page: clipped to nothing on purpose */
  const isForEars = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const { clipPath, position } = getComputedStyle(at);
      if (at.matches('.skip') || (position === 'absolute' && clipPath !== 'none')) return true;
    }
    return false;
  };

  /** @returns a short name of an element for the list of faults */
  const nameOf = (node) => {
    const words = (node.getAttribute('aria-label') ?? node.textContent ?? '').trim().replace(/\s+/g, ' ').slice(0, 40);
    const id = node.id ? `#${node.id}` : node.getAttribute('name') ? `[name=${node.getAttribute('name')}]` : '';
    const of = node.classList.length > 0 ? `.${[...node.classList].join('.')}` : '';
    return `<${node.localName}${id}${of}> ${words}`.trim();
  };

  /** @returns every element by the name that is heard: aria-label, labelledby, or text with the alternatives of images */
  const heard = (node) => {
    const by = node.getAttribute('aria-labelledby');
    if (by)
      return by
        .split(/\s+/)
        .map((id) => document.getElementById(id)?.textContent ?? '')
        .join(' ')
        .trim();
    const images = [...node.querySelectorAll('img[alt]')].map((image) => image.alt).join(' ');
    return (node.getAttribute('aria-label') ?? `${node.textContent} ${images}`).trim().replace(/\s+/g, ' ');
  };

  // Colours are drawn to learn their red, green, blue and alpha, however they are written.
  let pencil;
  const known = new Map();
  const rgba = (colour) => {
    const before = known.get(colour);
    if (before) return before;
    pencil ??= new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    pencil.clearRect(0, 0, 1, 1);
    pencil.fillStyle = colour;
    pencil.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pencil.getImageData(0, 0, 1, 1).data;
    const value = [r, g, b, a / 255];
    known.set(colour, value);
    return value;
  };

  /** @returns the colour behind an element: its own, and what lies below as far as one can see through */
  const ground = (node) => {
    const layers = [];
    for (let at = node; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    const dark = matchMedia('(prefers-color-scheme: dark)').matches;
    const base = rgba(dark ? '#121212' : '#fff');
    return layers.reduceRight((below, [r, g, b, a]) => [r, g, b].map((one, at) => one * a + below[at] * (1 - a)), base);
  };

  const luminance = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((one) => {
      const part = one / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (light + 0.05) / (dark + 0.05);
  };

  /** The page does nothing by itself any more: what would be asked later is not asked. */
  const still = () => {
    for (let timer = setTimeout(() => {}); timer > 0; timer -= 1) clearTimeout(timer);
    globalThis.setTimeout = globalThis.setInterval = () => 0;
  };

  return { still, isShown, isForEars, nameOf, heard, rgba, ground, contrast };
})();
