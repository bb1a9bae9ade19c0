import { runService } from '@strongroom/service'
import { mpcAuth } from './service.ts'

await runService(mpcAuth)
