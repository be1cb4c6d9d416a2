function [top, low] = tides(t, moon)
% TIDES  How high the water is.
if t > 0
    top = sin(t)';
end
low = helper(t);
end

function y = helper(x)
y = x(end);
end
