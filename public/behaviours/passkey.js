// Forms whose answer is given by an authenticator: asks the server what to sign, the device to sign it, and sends the form.
const parse = { get: 'parseRequestOptionsFromJSON', create: 'parseCreationOptionsFromJSON' };
for (const form of document.querySelectorAll('form[data-passkey]')) {
  const kind = form.dataset.passkey;
  if (!globalThis.PublicKeyCredential?.[parse[kind]]) continue;
  const status = form.querySelector('[role="status"]');
  form.hidden = false;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    status.textContent = '';
    try {
      const body = new URLSearchParams({ _csrf: form.elements._csrf.value });
      const answer = await fetch(form.dataset.options, { method: 'POST', body, headers: { Accept: 'application/json' } });
      if (answer.status === 403 && form.dataset.confirm) return location.assign(form.dataset.confirm);
      if (!answer.ok) throw new Error(String(answer.status));
      const publicKey = PublicKeyCredential[parse[kind]](await answer.json());
      const credential = await navigator.credentials[kind]({ publicKey });
      form.elements.response.value = JSON.stringify(credential.toJSON());
      form.submit();
    } catch {
      status.textContent = form.dataset.failed;
    }
  });
}
