import express, { type Router } from 'express';
import { stylesheetPath } from './layout.js';
import { stylesheet } from './styles.js';

/** Serves the stylesheet under its hashed name. Pages of before an upgrade get the present one. */
export function assetRoutes(): Router {
  const router = express.Router();
  router.get('/assets/:file', (req, res, next) => {
    if (!/^landfall-[0-9a-f]{12}\.css$/.test(req.params.file)) return next();
    const current = req.path === stylesheetPath;
    res.set('Cache-Control', current ? 'public, max-age=31536000, immutable' : 'no-cache');
    res.type('css').send(stylesheet);
  });
  return router;
}
