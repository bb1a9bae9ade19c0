// What `npm start` runs, with the real apps, in a state of its own.
import { apps, runDevWorld } from '@strongroom/dev-world'

const [home = '', cluster = '', port = '', ...argv] = process.argv.slice(2)
const here = apps.map((app, index) => ({
  ...app,
  port: Number(port) + index,
  ...(app.hooks !== undefined && { hooks: Number(port) + apps.length + index }),
}))

process.exit(await runDevWorld({ argv, apps: here, places: { home, cluster } }))
