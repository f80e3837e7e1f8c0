// Fills in a form of the page and sends it, hidden fields too; where the page has none (it stands open in another tab) one is made.
Object.assign(globalThis.gates, {
  send: ({ action, fields, multipart }) => {
    const made = () => {
      const form = Object.assign(document.createElement('form'), { method: 'post', action });
      if (multipart) form.enctype = 'multipart/form-data';
      document.body.append(form);
      return form;
    };
    const isIt = (one) => one.method === 'post' && new URL(one.action).pathname === action;
    const form = [...document.forms].find(isIt) ?? made();
    for (const [name, value] of Object.entries(fields)) {
      const found = [...form.elements].find((one) => one.name === name && (one.type !== 'radio' || one.value === value));
      const field = found ?? Object.assign(document.createElement('input'), { type: 'hidden', name });
      if (!found) form.append(field);
      // An empty text takes the tick out of a box.
      if (['radio', 'checkbox'].includes(field.type)) field.checked = value !== '';
      else field.value = value;
    }
    // After this function has answered, since the page goes away with it.
    setTimeout(() => HTMLFormElement.prototype.submit.call(form));
  },
});
