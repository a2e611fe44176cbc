// The audit portal's entry: everything is custom elements.
import "./elements/gl-portal.js";
