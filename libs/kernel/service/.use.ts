import { mount, problems } from '@strongroom/http'
import { runService, setting, whole } from '@strongroom/service'

const settings = { LIMIT: setting(whole(1, 100).default(10), 'How many.', '`10`') }
await runService({
  name: 'tea-house',
  summary: 'Tea.',
  settings,
  migrations: [],
  keys: [{ job: 'seal', use: '' }],
  api: { dialect: problems, endpoints: [] },
  mount: ({ settings: { LIMIT }, database }) => [mount({ dialect: problems, handlers: [], deps: { LIMIT, database } })],
})
