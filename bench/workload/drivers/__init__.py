"""How clients connect, one file a driver."""
