// A world of stand-ins in a directory of its own: what the tests of the supervisor start.
import { runDevWorld } from '../src/run-dev-world.ts'

const [home = '', cluster = '', ...argv] = process.argv.slice(2)
const standIn = (name: string, port: number) => ({ name, port, main: 'tools/dev-world/test/stand-in-app.ts' })
const apps = [standIn('first-app', 4991), standIn('second-app', 4992)]

process.exit(await runDevWorld({ argv, apps, places: { home, cluster } }))
