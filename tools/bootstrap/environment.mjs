import { delimiter, dirname, join } from 'node:path'
import { checkout } from './checkout.mjs'
import { moduleVariables } from './modules.mjs'

/** What everything after the bootstrap runs with. */
export function workspaceEnvironment({ node, pnpm, modules }) {
  const path = [dirname(node.executable), dirname(pnpm.executable), pnpm.nodeGyp, join(checkout, 'node_modules/.bin')]
  return {
    ...process.env,
    PATH: [...path, process.env.PATH].join(delimiter),
    NODE_OPTIONS: '',
    NX_DAEMON: 'false',
    ...(node.headers && { npm_config_nodedir: node.headers }),
    ...moduleVariables(modules),
  }
}
