import { runService } from '@strongroom/service'
import { identityStorage } from './service.ts'

await runService(identityStorage)
