// An app as the supervisor sees it: asks for provisioning once, answers its health, drains, ends with the supervisor.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'

const variable = (name: string): string => process.env[name] ?? fail(`${name} is not set`)
const fail = (reason: string): never => {
  console.log(reason)
  process.exit(1)
}

const provisioned = join(variable('HSM_STATE_DIRECTORY'), 'stand-in-provisioned')
if (process.argv[2] === 'provision') {
  const migrator = new URL(readFileSync(variable('MIGRATOR_DATABASE_URL_FILE'), 'utf8'))
  writeFileSync(provisioned, `${migrator.username} for ${variable('RUNTIME_ROLE')}`)
  process.exit(0)
}
if (!existsSync(provisioned)) process.exit(78)

const server = createServer((request, response) => {
  if (request.url === '/crash') process.exit(3)
  if (request.url === '/environment') return void response.end(JSON.stringify(process.env))
  response.end(String(process.pid))
})
server.listen(Number(variable('PORT')), variable('HOST'))
console.log(`listening, of ${variable('STRONGROOM_ENV')}`)
process.on('disconnect', () => process.exit(0))
process.on('SIGTERM', () => {
  console.log('drained')
  process.exit(0)
})
