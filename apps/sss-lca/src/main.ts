import { runService } from '@strongroom/service'
import { sssLca } from './service.ts'

await runService(sssLca)
