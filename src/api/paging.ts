/** Sizes of pages as the contract has them (`params[].default` and `.maximum` in endpoints.json). */
export const pages = {
  statuses: { default: 20, max: 40 },
  accounts: { default: 40, max: 80 },
  notifications: { default: 40, max: 80 },
  tags: { default: 100, max: 200 },
  domains: { default: 100, max: 200 },
  trends: { default: 10, max: 20 },
  admin: { default: 100, max: 200 },
} as const;
