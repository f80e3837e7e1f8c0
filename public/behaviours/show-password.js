// Reveals the button beside each password that shows what was typed.
for (const row of document.querySelectorAll('[data-password]')) {
  const input = row.querySelector('input');
  const button = row.querySelector('button');
  const words = button.querySelector('span');
  const show = (visible) => {
    input.type = visible ? 'text' : 'password';
    words.textContent = visible ? button.dataset.hide : button.dataset.show;
  };
  button.addEventListener('click', () => show(input.type === 'password'));
  // A browser must not remember a shown password as ordinary text.
  input.form?.addEventListener('submit', () => show(false));
  button.hidden = false;
}
