/** Where the thing an audit entry tells of is shown, if it has a page. */
import { routes } from '../lib/routes';

export function entityHref(type: string, id: string): string | undefined {
  switch (type) {
    case 'experiment':
      return routes.experiment(id);
    case 'run':
      // The run knows its experiment; the address only needs something in its place.
      return routes.run('0', id);
    case 'logged_model':
      return routes.loggedModel('0', id);
    case 'registered_model':
      return routes.model(id);
    case 'model_version': {
      const slash = id.lastIndexOf('/');
      return slash > 0 ? routes.modelVersion(id.slice(0, slash), id.slice(slash + 1)) : undefined;
    }
    case 'endpoint':
      return routes.endpoint(id);
    default:
      return undefined;
  }
}
