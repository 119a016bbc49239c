// SPDX-License-Identifier: MIT
// Every page, in the order of the navigation. A page is a Mithril component.
//   path    behind the #; :name is given to the component as an attribute
//   nav     its word in the navigation; none: reached from another page
//   role    who may see it
//   load    its component, from modules that are fetched when it is gone to

export const pages = [
  { path: "/overview", nav: "Overview", role: "viewer", load: async () => (await import("./overview.js")).Overview },
  { path: "/people", nav: "People", role: "viewer", load: async () => (await import("./people.js")).People },
  { path: "/people/:id", role: "viewer", load: async () => (await import("./person.js")).Person },
  { path: "/mapping", nav: "Mapping", role: "viewer", load: async () => (await import("./mapping.js")).Mapping },
  { path: "/held", nav: "Held and failed", role: "viewer", load: async () => (await import("./held.js")).Held },
  { path: "/activity", nav: "Activity", role: "viewer", load: async () => (await import("./activity.js")).Activity },
  { path: "/system", nav: "System", role: "viewer", load: async () => (await import("./system.js")).System },
  { path: "/settings/integrations/provisioning/okta", nav: "Settings", role: "viewer", load: async () => (await import("./setup.js")).Setup },
  { path: "/settings/integrations/provisioning/okta/:step", role: "viewer", load: async () => (await import("./setup.js")).Setup },
  { path: "/account", role: "viewer", load: async () => (await import("./account.js")).Account },
];
