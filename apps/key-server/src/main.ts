import { runService } from '@strongroom/service'
import { keyServer } from './service.ts'

await runService(keyServer)
