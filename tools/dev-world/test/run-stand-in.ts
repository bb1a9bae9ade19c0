// A world of stand-ins in a directory of its own: what the tests of the supervisor start.
import type { App } from '../src/apps.ts'
import { runDevWorld } from '../src/run-dev-world.ts'

const [home = '', cluster = '', ...argv] = process.argv.slice(2)
const main = 'tools/dev-world/test/stand-in-app.ts'
const apps: readonly App[] = [
  { name: 'first-app', port: 4991, main, needs: ['mail'], settings: { COLOUR: 'blue' } },
  {
    name: 'second-app',
    port: 4992,
    main,
    hooks: 4993,
    needs: ['sms', 'push', 'issuer', 'firebase', 'redis', 'faces', 'objects', 'administrator'],
  },
]

process.exit(await runDevWorld({ argv, apps, places: { home, cluster } }))
