// What the server gave the page: addresses, sentences, the form; and what the parts of the script are made with.
export const root = document.querySelector('[data-upload]');
const language = document.documentElement.lang === 'ko' ? 'ko-KR' : 'en-GB';
export const plain = new Intl.NumberFormat(language);
const threeDigits = new Intl.NumberFormat(language, { maximumSignificantDigits: 3 });
export const { base, to, tus: tusAddress } = root.dataset;
export const words = JSON.parse(root.dataset.words);
export const say = (name, values = {}) => words[name].replace(/\{(\w+)\}/g, (_whole, key) => values[key]);
export const form = root.querySelector('form');

export const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};
export const bytesIn = (count) => {
  const step = count < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(count) / 3));
  return `${threeDigits.format(count / 1000 ** step)}\u00a0${['B', 'kB', 'MB', 'GB', 'TB'][step]}`;
};
export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
export const button = (text, act, style = 'button') => {
  const one = make('button', { type: 'button', className: style }, make('span', {}, text));
  one.addEventListener('click', act);
  return one;
};

export const sum = (list, of) => list.reduce((all, one) => all + of(one), 0);

// One polite region speaks for all of it.
export const status = make('p', { className: 'lead', tabIndex: -1 });
status.setAttribute('role', 'status');

/** @param isSeen the same text stands elsewhere on the page: here it is only spoken */
export const announce = (text, isSeen = false) => {
  status.textContent = text;
  status.classList.toggle('vh', isSeen);
};
