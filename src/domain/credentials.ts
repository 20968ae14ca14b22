/** What an e-mail address and a password of ours must look like. Pure. */

const passwordLength = { min: 8, max: 256 };
/** One plain address: no quoting, routing (`%`, `!`, `,`) or control characters. */
const emailPattern =
  /^[a-z0-9.#$&'*+/=?^_`{|}~-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/i;

export const blank = { error: 'ERR_BLANK', description: "can't be blank" };

/** `anyHost`: also at hosts without a dot, for tests on one machine. */
export const isEmailAddress = (text: string, { anyHost = false } = {}): boolean =>
  text.length <= 254 && emailPattern.test(anyHost ? `${text}.example` : text);

/** What is wrong with a password that somebody chose; null when nothing is. */
export function passwordProblem(password: string): { error: string; description: string } | null {
  const { min, max } = passwordLength;
  if (password === '') return blank;
  if (password.length < min)
    return { error: 'ERR_TOO_SHORT', description: `is too short (minimum is ${min} characters)` };
  if (password.length > max)
    return { error: 'ERR_TOO_LONG', description: `is too long (maximum is ${max} characters)` };
  return null;
}
