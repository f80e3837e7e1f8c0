// Checks of what a page says of itself: language, title, headings, links, labels, errors, images, tables.
Object.assign(
  globalThis.gates,
  (() => {
    const { isShown, nameOf, heard } = globalThis.gates;
    const all = (selector, root = document) => [...root.querySelectorAll(selector)];
    const byIds = (text) =>
      (text ?? '')
        .split(/\s+/)
        .filter(Boolean)
        .map((id) => document.getElementById(id));

    const ofDocument = ({ language, prefix, brand, isError }) => {
      const faults = [];
      const { lang } = document.documentElement;
      if (lang !== language) faults.push(`the page is in ${language} and says ${lang}`);
      const { title } = document;
      if (!title.endsWith(` – ${brand}`)) faults.push(`the title does not end with the name of the service: ${title}`);
      if (title.startsWith(prefix) !== isError)
        faults.push(`the title ${isError ? 'does not begin' : 'begins'} with "${prefix.trim()}": ${title}`);
      if (title.replace(prefix, '').trim().startsWith('–')) faults.push('the title has no words of its own');
      return faults;
    };

    const headings = () => {
      const shown = all('h1, h2, h3, h4, h5, h6').filter(isShown);
      const faults = [];
      const tops = shown.filter(({ localName }) => localName === 'h1');
      if (tops.length !== 1) faults.push(`${tops.length} headings of the first level`);
      let before = 1;
      for (const heading of shown) {
        const level = Number(heading.localName.slice(1));
        if (level > before + 1) faults.push(`a heading skips from level ${before} to ${level}: ${nameOf(heading)}`);
        before = level;
      }
      return faults;
    };

    /** Two links that sound alike lead to the same place (K11). */
    const links = ({ newWindow, hasSamples }) => {
      const faults = [];
      const places = new Map();
      for (const link of all('a[href]').filter(isShown)) {
        const name = heard(link);
        if (name === '') faults.push(`a link without a name: ${link.getAttribute('href')}`);
        const before = places.get(name);
        if (!hasSamples && before !== undefined && before !== link.href)
          faults.push(`"${name}" leads to ${before} and to ${link.href}`);
        places.set(name, link.href);
        if (link.target === '_blank' && !name.includes(newWindow))
          faults.push(`opens a window without saying so: ${nameOf(link)}`);
      }
      return faults;
    };

    const isField = 'input:not([type=hidden]), select, textarea';
    const fields = () => {
      const faults = [];
      for (const field of all(isField).filter(isShown)) {
        const labels = [...(field.labels ?? [])].filter((label) => label.textContent.trim() !== '');
        const named = field.getAttribute('aria-label')?.trim() || byIds(field.getAttribute('aria-labelledby')).some(Boolean);
        if (labels.length === 0 && !named) faults.push(`a field without a label: ${nameOf(field)}`);
        const described = byIds(field.getAttribute('aria-describedby'));
        if (described.some((node) => !node)) faults.push(`described by what is not there: ${nameOf(field)}`);
        if (field.getAttribute('aria-invalid') === 'true' && !described.some((node) => node?.querySelector('.error')))
          faults.push(`a refused field does not tell its reason: ${nameOf(field)}`);
      }
      return faults;
    };

    /** A refused form: a summary that has the focus and leads to each field, and each reason beside its field (U4). */
    const errors = ({ isRefused }) => {
      const faults = [];
      for (const error of all('.error').filter(isShown)) {
        const holder = error.closest('[id$="-error"]');
        const users = holder ? all(`[aria-describedby~="${CSS.escape(holder.id)}"]`) : [];
        if (users.length === 0) faults.push(`a reason that no field tells: ${nameOf(error)}`);
        for (const user of users.filter((one) => one.matches(isField)))
          if (user.getAttribute('aria-invalid') !== 'true') faults.push(`refused, but not aria-invalid: ${nameOf(user)}`);
      }
      const summary = document.querySelector('main [role=alert]');
      if (isRefused && !summary) faults.push('a refused form without a summary of what is wrong');
      if (!summary) return faults;
      const [first] = all('h1, [role=alert]');
      if (first !== summary) faults.push('the summary does not stand above the heading');
      if (document.activeElement !== summary) faults.push(`the summary has no focus, but ${nameOf(document.activeElement)}`);
      for (const link of all('a', summary)) {
        const target = document.getElementById(decodeURIComponent(link.hash.slice(1)));
        if (!target) faults.push(`the summary leads nowhere: ${nameOf(link)}`);
      }
      return faults;
    };

    const images = () => {
      const bare = all('svg').filter((svg) => {
        const hidden = svg.closest('[aria-hidden=true]') !== null;
        return !hidden && !(svg.getAttribute('role') === 'img' && heard(svg) !== '');
      });
      const unnamed = all('img').filter((image) => !image.hasAttribute('alt'));
      return [...bare, ...unnamed].map((node) => `an image neither named nor hidden: ${node.outerHTML.slice(0, 90)}`);
    };

    const tables = () =>
      all('table').flatMap((table) => [
        // Tables of documents, which are Markdown, stand below the heading that names them.
        ...(table.caption?.textContent.trim() || table.closest('.document')?.querySelector('h2, h3, h4')
          ? []
          : [`a table without a caption: ${nameOf(table)}`]),
        ...all('th', table)
          .filter((head) => !['col', 'row', 'colgroup', 'rowgroup'].includes(head.scope))
          .map((head) => `a heading of a table without scope: ${nameOf(head)}`),
      ]);

    /** A state is never told by its colour alone (A5). */
    const states = () =>
      all('.tag, .day')
        .filter((node) => heard(node) === '' && heard(node.closest('li, td, th, p, dd') ?? node) === '')
        .map((node) => `a state without words: ${node.outerHTML.slice(0, 90)}`);

    /** Support stands at the same place of every page (U3): first in the footer, which comes last. */
    const footer = ({ support }) => {
      const foot = document.querySelector('body > footer:last-of-type');
      const after = foot && [...document.body.children].slice([...document.body.children].indexOf(foot) + 1);
      if (!foot || after.length > 0) return ['the footer is not the last part of the page'];
      const [first] = all('h2', foot);
      return first?.textContent.trim() === support && all('a[href^="tel:"], a[href^="mailto:"]', first.parentElement).length > 0
        ? []
        : ['support does not come first in the footer'];
    };

    const skipLink = () => {
      const [first] = all('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]');
      const target = first?.matches('a.skip') && document.getElementById(first.hash.slice(1));
      return target?.matches('main') ? [] : ['the first stop is no link to the content'];
    };

    const markup = (told) => [
      ...ofDocument(told),
      ...headings(),
      ...links(told),
      ...fields(),
      ...errors(told),
      ...images(),
      ...tables(),
      ...states(),
      ...footer(told),
      ...skipLink(),
    ];
    return { markup };
  })(),
);
