// Passkeys on the pages of signing in and of the settings (WebAuthn Level 3, section 5.1). A button with data-passkey asks
// the browser for one and sends the form it stands in. Without this script such buttons stay hidden; codes work anyway.
'use strict';

const toBytes = (text) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));

const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

const withBytes = (list) => (list ?? []).map((entry) => ({ ...entry, id: toBytes(entry.id) }));

async function create(options) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: toBytes(options.challenge),
      user: { ...options.user, id: toBytes(options.user.id) },
      excludeCredentials: withBytes(options.excludeCredentials),
    },
  });
  const { response } = made;
  return toJson(made, {
    attestationObject: toText(response.attestationObject),
    transports: response.getTransports?.() ?? [],
  });
}

async function get(options) {
  const signed = await navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: toBytes(options.challenge),
      allowCredentials: withBytes(options.allowCredentials),
    },
  });
  const { authenticatorData, signature, userHandle } = signed.response;
  return toJson(signed, {
    authenticatorData: toText(authenticatorData),
    signature: toText(signature),
    userHandle: userHandle ? toText(userHandle) : null,
  });
}

function toJson(credential, response) {
  const id = toText(credential.rawId);
  const clientDataJSON = toText(credential.response.clientDataJSON);
  return JSON.stringify({ id, rawId: id, type: credential.type, response: { clientDataJSON, ...response } });
}

async function use(button) {
  const { form, dataset } = button;
  // With a passkey no code is needed.
  const code = form.elements.namedItem('code');
  if (code) code.required = false;
  if (form.reportValidity()) {
    const act = dataset.passkey === 'create' ? create : get;
    const answer = await act(JSON.parse(dataset.options)).catch(() => null);
    if (answer !== null) {
      form.elements.namedItem('passkey').value = answer;
      form.submit();
      return;
    }
    form.querySelector('[data-passkey-problem]').hidden = false;
  }
  if (code) code.required = true;
}

if (window.PublicKeyCredential) {
  for (const button of document.querySelectorAll('button[data-passkey]')) {
    button.hidden = false;
    button.addEventListener('click', () => void use(button));
  }
}
