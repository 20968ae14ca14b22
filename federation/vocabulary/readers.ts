/** The one door to the tolerant readers of untrusted ActivityStreams JSON. None of them throws, whatever it is given. */
export * from './values.js';
export * from './iris.js';
export * from './dates.js';
export * from './languages.js';
export * from './links.js';
export * from './attachments.js';
export * from './tags.js';
export { isPublicAddress, PUBLIC } from './names.js';
