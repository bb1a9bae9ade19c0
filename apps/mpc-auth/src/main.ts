import { runService } from '@strongroom/service'
import { readApis } from './apis.ts'
import { mpcAuthWith } from './service.ts'

await runService(mpcAuthWith(readApis(process.env)))
