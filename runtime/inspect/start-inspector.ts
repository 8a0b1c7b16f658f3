/**
 * Begins the inspection of a runtime.
 */
import { SetupError } from '../../actors/errors.js'
import { reportTo } from './inspect-client.js'
import { type Inspecting, serveInspector } from './inspect-server.js'
import { Inspector, type InspectSite } from './inspector.js'
import { type InspectOptions, inspectionOf } from './options.js'

/**
 * @throws SetupError `InvalidDefinition` for options that cannot be meant, `PortTaken` when the server cannot
 * listen.
 */
export async function startInspector(options: InspectOptions, site: InspectSite): Promise<Inspecting> {
  const inspector = new Inspector(inspectionOf(options, site.bindings.types, site.limits), site)
  return options.url === undefined
    ? await serveInspector(inspector, options, site.limits.inspectMessageBytesMax)
    : reportTo(checkedUrl(options.url), inspector, site)
}

function checkedUrl(url: string): string {
  if (URL.canParse(url) && /^wss?:$/.test(new URL(url).protocol)) return url
  throw new SetupError('InvalidDefinition', `inspect.url: expected ws://… or wss://…, found '${url}'`, {
    url,
  })
}
