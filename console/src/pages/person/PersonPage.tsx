import { TopBar } from '~/frame/TopBar'
export const PersonPage = () => <TopBar title="PersonPage" />
