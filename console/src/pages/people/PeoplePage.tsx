import { TopBar } from '~/frame/TopBar'
export const PeoplePage = () => <TopBar title="PeoplePage" />
