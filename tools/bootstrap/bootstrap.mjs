// Runs on any Node from 18 on with nothing installed: provides what is missing, then hands over to the right Node.
import { chooseNode } from './choose-node.mjs'
import { workspaceEnvironment } from './environment.mjs'
import { handOver } from './hand-over.mjs'
import { installWorkspace } from './install-workspace.mjs'
import { providePnpm } from './provide-pnpm.mjs'
import { providePrerequisites } from './prerequisites.mjs'
import { die } from './say.mjs'
import { verbs } from './verbs.mjs'

const [name = '', ...rest] = process.argv.slice(2)
const verb = Object.hasOwn(verbs, name)
  ? verbs[name]
  : die(`No such verb: "${name}". There is ${Object.keys(verbs).join(', ')}.`)

const needs = typeof verb.needs === 'function' ? verb.needs(rest) : verb.needs
const modules = providePrerequisites({ ...verb, needs })
const node = chooseNode()
const environment = workspaceEnvironment({ node, pnpm: providePnpm(), modules })
installWorkspace(environment)
handOver(node.executable, { args: [...verb.run, ...rest], environment })
