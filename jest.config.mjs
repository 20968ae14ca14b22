/** Jest runs the TypeScript sources as ES modules; swc strips the types, `npm run types` checks them. */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'es6' },
      },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/data'],
  // For what hangs: nothing fails because a machine is slow.
  testTimeout: 300_000,
  // A worker keeps the modules of every test file it ran; it is replaced before that slows it down.
  maxWorkers: 2,
  workerIdleMemoryLimit: '1GB',
};
